"""What is kept: tables, transactions, locks and rates."""
