"""API tokens: how they are made, shown and withdrawn. How they prove somebody: `credentials`."""
