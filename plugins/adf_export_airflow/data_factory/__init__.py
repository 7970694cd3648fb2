"""Hook, operator, sensor and triggers that drive Data Factory, on Azure or on this machine, and mirrors of its runs."""
