"""Wishes of a person who looks at a campaign, and the run that obeys them: they meet in the journal."""
