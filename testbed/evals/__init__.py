"""The eval suite: whole runs through the real graph, tools, workbench, gate and proof, with a scripted model."""
