"""The demo's front door: who one can be, what there is to see in five minutes, a debtor's phone beside the inbox."""
