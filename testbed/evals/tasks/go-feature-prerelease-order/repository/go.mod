module example.org/newest

go 1.22
