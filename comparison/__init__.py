"""What puts the Django version and the Flask version side by side."""
