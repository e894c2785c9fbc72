"""Privacy: how long what is kept, legal holds, what people ask about their data, and what the job did."""
