"""Tells what became of each task: a model, and a file for each form that it is shown in.

build        a session -> Report
as_text      for a terminal
as_json      for other programs
as_sarif     for code hosts, beside the lines of a change
as_markdown  for a pull request
explaining   one DAG or task, with its documents
"""
