"""Reports: a judgment as a page, as JSON, as Markdown and as JUnit XML."""
