"""Pages that are written from records alone: a study's report and the guidance's."""
