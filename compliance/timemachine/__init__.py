"""The time machine: stored attempts of a period, decided again under rules that do not hold yet. It sends nothing."""
