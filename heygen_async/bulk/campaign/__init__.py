"""Campaigns: runs with a journal, which can be interrupted, resumed and audited."""
