package twin
