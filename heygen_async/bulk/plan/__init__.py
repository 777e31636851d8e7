"""Plans: every row checked and priced before anything is sent."""
