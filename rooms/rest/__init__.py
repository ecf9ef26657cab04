"""What every REST operation shares: JSON, paging, problems, authentication, the schema."""
