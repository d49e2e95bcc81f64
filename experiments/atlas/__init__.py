"""Which temperature, without tuning? An atlas of problems, and of rules that know little about them."""
