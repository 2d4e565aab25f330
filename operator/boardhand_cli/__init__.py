"""The command line `boardhand`, for people who run pools."""
