"""Load: targets, schedules and the engine that drives them. The only room with a hot loop."""
