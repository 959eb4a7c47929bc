"""What we answer: rules, forms and actions, and every French sentence."""
