"""People: who has signed in by a browser or a terminal, for how long, and what programs may do in their name.

Owns sign-ins, portal sessions, the device and code grants, and the tokens that come of them; every fact stands sealed
in the store. What a person may assume is decided where it is for everybody else. Entry point: `people.People`.
"""
