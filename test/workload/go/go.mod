module amdahl.example/workload

go 1.18
