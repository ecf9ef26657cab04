"""What is looked at again and again, so that a lost bell loses no job."""
