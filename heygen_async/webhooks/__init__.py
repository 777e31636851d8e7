"""Receiving what HeyGen delivers: is it HeyGen's (`signature`), what does it say (`events`), who hears it (`receiver`).

A delivery is only ever a signal that something is worth a look. What is true is what a GET says.
"""
