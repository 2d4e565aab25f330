"""What a vendor's board and its forge share."""
