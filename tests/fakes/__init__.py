"""Hand-made fakes that several test areas share."""
