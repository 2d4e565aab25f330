module example.org/heft

go 1.22
