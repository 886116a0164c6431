#!/usr/bin/env python3
# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a thousand plausible European calls as csv: python3 configs/make_options.py > configs/options.csv

They are invented, not market data. Spot prices are log-normal around 100; strikes lie within about 40 % of the spot on
the grid that exchanges list; terms are whole days up to three years; the rate follows a gently rising curve; volatility
is 10 to 80 %, higher for strikes far from the spot (the smile). The seed is fixed, so the file is the same every time.
"""
import math
import random

ROWS = 1000
SEED = 20240229


def grid(spot):
    """The distance between listed strikes."""
    return 0.5 if spot < 25 else 1.0 if spot < 100 else 5.0


def main():
    draw = random.Random(SEED)
    print("spot,strike,years,rate,volatility")
    for _ in range(ROWS):
        spot = round(100 * math.exp(0.6 * (draw.random() + draw.random() + draw.random() - 1.5)), 2)
        moneyness = math.exp(0.5 * (draw.random() + draw.random() - 1))
        strike = max(1, round(spot * moneyness / grid(spot))) * grid(spot)
        days = 1 + int(1094 * draw.random() ** 2)
        rate = 0.03 + 0.012 * (1 - math.exp(-days / 365)) + 0.001 * draw.random()
        smile = abs(math.log(strike / spot))
        volatility = min(0.8, 0.1 + 0.25 * draw.random() + 0.6 * smile)
        print(f"{spot:.2f},{strike:.2f},{days / 365:.4f},{rate:.4f},{volatility:.4f}")


if __name__ == "__main__":
    main()
