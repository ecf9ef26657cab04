"""What the doctor looks at of jobs: broker, workers, sweepers, beat, how long jobs wait."""
