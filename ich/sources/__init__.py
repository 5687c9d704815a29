"""One file a data set: where its files lie and which labels they have; rooms for what several of them read."""
