"""What queries read: only what the viewer can see, in statements whose number doesn't depend on how much is found."""
