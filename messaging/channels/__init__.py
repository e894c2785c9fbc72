"""One folder per channel; each turns the provider's answers into accepted, Refused, Unreachable or NoAnswer."""
