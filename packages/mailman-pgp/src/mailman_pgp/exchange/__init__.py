"""How keys of people come to a list and change there: each change recorded, told, and followed by what has waited for it."""
