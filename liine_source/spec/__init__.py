"""The reference of the Liine interaction API as data: each fact once, standard library only."""
