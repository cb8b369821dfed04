"""Data in, matplotlib Figure out: one module a plot. The only importer of matplotlib.

`panel` holds the data of a claim's picture and does not import matplotlib, so worker processes may import it.
No module uses pyplot: it would keep every figure in a global list.
"""
