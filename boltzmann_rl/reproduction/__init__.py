"""Published numbers beside ours: targets, how they are measured, their page and figure."""
