"""Screens before a run: the problems of a list, its texts, its price, and a verdict."""
