"""A campaign as a page that follows it, with buttons for the people who approve and decide."""
