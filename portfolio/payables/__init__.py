"""Ways to pay that need no provider: Pix codes, CLABEs and account cards, made and checked offline."""
