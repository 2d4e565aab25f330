"""A stand-in for Bitbucket Cloud's pull requests, API 2.0. It is none: tests hold it to Bitbucket's own OpenAPI file.

What that file leaves open is assumed as others have met it: a pull request that is opened between branches which have
an open one brings that one up to date; an edit takes off what it leaves out; the author cannot be a reviewer; a comment
has at most 32,768 characters; an access token of a repository cannot have the scope `account`.
"""
