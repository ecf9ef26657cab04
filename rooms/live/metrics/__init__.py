"""What a process counts and measures of itself."""
