module example.org/bunting

go 1.22
