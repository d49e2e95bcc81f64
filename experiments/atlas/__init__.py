"""Which temperature, if one cannot tune? An atlas of problems, and of rules that know little about them."""
