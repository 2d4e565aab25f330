"""A stand-in for Bitbucket Cloud's pull requests, API 2.0. It is none: tests hold it to Bitbucket's documentation."""
