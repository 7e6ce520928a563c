"""Doors speak one protocol each: parse, call the exchange, render. They decide nothing and do not know each other."""
