"""What a person sends an employer: checked details and a CV, in memory only."""
