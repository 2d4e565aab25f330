"""A scripted stand-in for a language model, behind OpenAI's chat completions API. It is not a model."""
