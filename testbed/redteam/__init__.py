"""The red team: attacks on the product, each a real run in which the attacker gets the model, the ticket or a file."""
