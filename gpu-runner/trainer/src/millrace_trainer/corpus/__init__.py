"""The generated training text: three support tasks, schema extraction and small talk."""
