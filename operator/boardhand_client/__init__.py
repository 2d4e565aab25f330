"""What a person sees and does of pools and runs, by the API server and with rights of their own."""
