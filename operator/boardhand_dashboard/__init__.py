"""What people look at: pages served with the visitor's own rights."""
