"""What differs from database to database: how a chunk is read as two texts and written in one statement."""
