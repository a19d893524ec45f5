"""Faults at random instants: `python -m bench.faults [runs]`. Nothing lost or doubled, no needless doubt.

Each run gives a few borrowers something to be reminded of, and does one kind of harm (`kinds`) at a random
instant while a worker process decides and an app process hands over to a server that speaks the Bot API. What
the server took is the truth; what the database says is held against it (`judge`).
"""
