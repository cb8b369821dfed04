"""The claims of the note: what each says, how it is measured, and how it is graded and recorded."""
